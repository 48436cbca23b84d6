import type { MethodName, MethodParams, MethodResult } from '#protocol/methods.ts';

/** What a lease handle needs of its client. */
export interface LeaseHost {
  /** As Client.call: waits for a connection, and keeps the process alive. */
  call<Name extends MethodName>(method: Name, params: MethodParams<Name>): Promise<MethodResult<Name>>;
  /** In the background: on the connection that there is now, or not at all. */
  tell<Name extends MethodName>(method: Name, params: MethodParams<Name>, timeoutMs: number): Promise<MethodResult<Name>>;
}

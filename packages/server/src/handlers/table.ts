import type { MethodName, MethodParams, MethodResult } from '#protocol/methods.ts';
import type { JsonText } from '../dispatch.ts';
import type { Session } from '../session.ts';

/** What answers one method: its params are valid by the method table. */
export type Handler<Name extends MethodName> = (
  params: MethodParams<Name>,
  session: Session,
) => MethodResult<Name> | JsonText | Promise<MethodResult<Name> | JsonText>;

/** One handler for each method of the table. */
export type Handlers = { readonly [Name in MethodName]: Handler<Name> };

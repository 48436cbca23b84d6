/** What is in the kernel of the sentinel: maps by their names, and programs that are attached. */
export interface KernelSide {
  /** The descriptor of a map; it lives as long as this. @throws SystemCallError where there is none */
  mapFd(name: string): number;
  /** Detaches a program, where it is attached. */
  detach(name: string): void;
  /** Detaches every program; the maps stay. */
  detachAll(): void;
  /** Lets go of everything. Idempotent. */
  close(): void;
}

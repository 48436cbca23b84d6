/** The exit codes of omnictl (design: 3-interface). `run` gives its command's own besides. */
export const exitCodes = {
  yes: 0,
  no: 1,
  usage: 2,
  noServer: 69,
  /** What the verb needs of the kernel is not there. The same number, as sysexits(3) has it. */
  unavailable: 69,
  /** A fault of omnictl itself. */
  software: 70,
  tryAgain: 75,
  notPermitted: 77,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

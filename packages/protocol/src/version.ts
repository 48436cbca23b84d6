/** The wire's version: grows when a client of the version before would misunderstand. */
export const protocolVersion = 1;

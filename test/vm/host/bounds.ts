/** Every time limit of the virtual machines. An emulated machine on a loaded host is some 20 times slower than a real one. */

export const bootMsMax = 300_000;
export const scenarioMsMax = 480_000;
/** What the guest may be late with its answer to a scenario that was ended for its time. */
export const answerMsMax = 30_000;
export const powerOffMsMax = 120_000;

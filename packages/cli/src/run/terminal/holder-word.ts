/** How omnictl is started as the holder of a terminal: no verb, and for nobody to type. */
export const holderWord = 'hold-terminal';

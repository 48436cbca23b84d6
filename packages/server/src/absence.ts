/** Why a layer of protection is not there, and what to change. */
export interface Absence {
  readonly why: string;
  readonly fix: string;
}

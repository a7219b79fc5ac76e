/** Drivers of a node as something to be wanted. Source: spec 06, 4. */

/** What a container wants loaded. `frontend` modes need exactly this image in this boot; others any (V5 aside). */
export interface DriverNeed {
  readonly image: string;
  readonly frontend: boolean;
}

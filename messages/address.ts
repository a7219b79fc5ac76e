/** Where a message can be sent, as a type. Made only by actors/machine.ts, which knows what stands behind it. */
declare const accepts: unique symbol;

/** Every message and every effect is told apart by its `kind`. */
export interface Tagged {
  readonly kind: string;
}

/**
 * One incarnation of an actor: after its stop every message to it is a counted dead letter, also when a successor has
 * the same path. Contravariant: one that takes A | B may stand in for one that takes A.
 */
export interface Address<in Msg> {
  readonly path: string;
  readonly [accepts]: (msg: Msg) => void;
}

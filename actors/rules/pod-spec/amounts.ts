/** Quantities taken over from the spec. Source: spec 01, 6 no. 1. */
import type { Quantity } from '../../../messages/core-types.ts';

/** The quantity as text; `0` for none. */
export const amountOf = (quantity: Quantity | undefined): string =>
  quantity === undefined || quantity === '' ? '0' : String(quantity);

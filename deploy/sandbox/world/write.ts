/** How a model writes to the API server: under its own name. */
import type { ObjectRequest } from '../../../io/outside.ts';
import type { WorldContext } from './context.ts';
import type { Writer } from './model-api.ts';

export function write(ctx: WorldContext, writer: Writer, request: ObjectRequest): void {
  ctx.store.send(request, writer);
}

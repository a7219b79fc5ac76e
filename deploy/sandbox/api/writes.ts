/** What creates, replaces and patches share: field validation and its warnings. Pure. */
import type { Checked, FieldValidation } from './parameters.ts';
import type { Reply } from './reply.ts';
import type { Status } from './status.ts';

/** The warnings to send along, none with `Ignore`; with `Strict` any unknown field refuses the request. */
export function validateFields(
  unknown: readonly string[],
  validation: FieldValidation,
  refusal: (text: string) => Status,
): Checked<readonly string[]> {
  const texts = unknown.map((path) => `unknown field "${path}"`);
  if (validation === 'Strict' && texts.length > 0)
    return { ok: false, status: refusal(`strict decoding error: ${texts.join(', ')}`) };
  return { ok: true, value: validation === 'Warn' ? texts : [] };
}

/** The reply with one `Warning` header per text (RFC 7234: code 299, no agent). */
export function warned(reply: Reply, warnings: readonly string[]): Reply {
  if (reply.kind !== 'json' || warnings.length === 0) return reply;
  return { ...reply, headers: { ...reply.headers, warning: warnings.map((text) => `299 - ${JSON.stringify(text)}`) } };
}

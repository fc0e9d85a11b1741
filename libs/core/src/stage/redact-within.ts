/**
 * The beginning of a text, redacted and then cut. Twice of what is kept is looked at. Where that cut the text, a secret
 * at the cut is no longer whole and remains; but it is among the last characters of what the redaction came to, as many
 * as may be kept, and these go. So no part of a secret of up to `maxLength` characters is kept, however much shorter the
 * redaction makes the text before it.
 * @throws what `redact` throws.
 */
export function redactWithin(text: string, maxLength: number, redact: (text: string) => string): string {
  const redacted = redact(text.slice(0, 2 * maxLength));
  const sure = text.length > 2 * maxLength ? redacted.length - maxLength : redacted.length;
  return redacted.slice(0, Math.max(0, Math.min(maxLength, sure)));
}

/** Equal for equal name endings (`.ts`, `.json`), whatever the case; 0 when there is none. */
export function nameClass(name: Uint8Array): number {
  const dot = name.lastIndexOf(0x2e);
  if (dot <= 0 || name.length - dot > 9) return 0;
  let hash = 0;
  for (let i = dot; i < name.length; i++) hash = (hash * 31 + ((name[i] as number) | 0x20)) & 0xffffff;
  return hash;
}

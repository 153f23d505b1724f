// Everything that tests hand to Hedgerow and that nobody may ever see again. Looked for in every answer, in the
// log and, where a test says so, in the files.
const secrets = new Map<string, string>();

// Keeps a secret in mind under a name that may be said.
export function keep(name: string, secret: string): string {
  if (secret.length < 8) throw new Error(`A secret as short as ${name} would be found everywhere.`);
  secrets.set(secret, name);
  return secret;
}

// The name of a secret that stands in the text.
export function secretIn(text: string): string | undefined {
  for (const [secret, name] of secrets) if (text.includes(secret)) return name;
  return undefined;
}

export const keptSecrets = (): ReadonlyMap<string, string> => secrets;

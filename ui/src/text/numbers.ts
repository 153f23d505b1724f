// Numbers with their unit. A number that nobody measured is a word.
const digits = new Intl.NumberFormat("en");
const rules = new Intl.PluralRules("en");

export const notMeasured = "not measured";

export const numberText = (value: number | null | undefined) =>
  value === null || value === undefined ? notMeasured : digits.format(value);

export function counted(value: number, one: string, many: string = `${one}s`): string {
  return `${digits.format(value)} ${rules.select(value) === "one" ? one : many}`;
}

// The contract as a judge: whether an answer is one that api/openapi.yaml promises.
import { readFileSync } from "node:fs";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { inTree } from "./tree";

interface Media {
  schema?: object;
}
interface Answer {
  $ref?: string;
  content?: Record<string, Media>;
}
interface Operation {
  operationId: string;
  security?: object[];
  responses: Record<string, Answer>;
}
type Methods = Record<string, Operation>;
interface Contract {
  paths: Record<string, Methods>;
  components: { responses: Record<string, Answer> };
}

export const contract = JSON.parse(
  readFileSync(inTree("api", "openapi.gen.json"), "utf8"),
) as Contract;

const id = "contract";
const ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false });
(addFormats as unknown as { default: (it: Ajv2020) => void }).default(ajv);
ajv.addSchema({ ...contract, $id: id });

const pointer = (...steps: string[]) =>
  steps.map((step) => `/${step.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

const compiled = new Map<string, ValidateFunction>();
function validator(path: string): ValidateFunction {
  let found = compiled.get(path);
  if (!found) {
    found = ajv.compile({ $ref: `${id}#${path.split("/").map(encodeURIComponent).join("/")}` });
    compiled.set(path, found);
  }
  return found;
}

const verbs = ["get", "post", "put", "patch", "delete"] as const;

export interface Route {
  method: string;
  path: string;
  operation: Operation;
}

// Every operation of the contract.
export const routes: Route[] = Object.entries(contract.paths).flatMap(([path, methods]) =>
  verbs.flatMap((verb) => {
    const operation = methods[verb];
    return operation ? [{ method: verb.toUpperCase(), path, operation }] : [];
  }),
);

const shapes = routes.map((route) => ({
  route,
  shape: new RegExp(`^${route.path.replace(/\{[^}]+\}/g, "[^/]+").replace(/\/$/, "")}/?$`),
}));

export function routeOf(method: string, path: string): Route | undefined {
  const wanted = method === "HEAD" ? "GET" : method;
  return shapes.find(({ route, shape }) => route.method === wanted && shape.test(path))?.route;
}

export interface Seen {
  method: string;
  path: string;
  status: number;
  type: string;
  body: string;
}

const problemPath = pointer("components", "schemas", "Problem");

// Where the schema of this kind of answer lies; undefined when the contract promises no such answer.
function schemaOf(route: Route, status: number, media: string): string | undefined {
  const code = route.operation.responses[status] ? String(status) : "default";
  const answer = route.operation.responses[code];
  if (!answer) return undefined;
  if (answer.$ref) {
    const name = answer.$ref.split("/").at(-1) ?? "";
    const content = contract.components.responses[name]?.content?.[media];
    return content && pointer("components", "responses", name, "content", media, "schema");
  }
  if (!answer.content) return "";
  const method = route.method.toLowerCase();
  const place = ["paths", route.path, method, "responses", code, "content", media, "schema"];
  return answer.content[media] && pointer(...place);
}

// What of the answer breaks the contract; nothing when it keeps it.
export function breachOf(seen: Seen): string | undefined {
  const media = seen.type.split(";")[0]?.trim() ?? "";
  const route = routeOf(seen.method, seen.path);
  const failed = seen.status >= 400;
  if (!route && !failed) return `no operation ${seen.method} ${seen.path} is in the contract`;
  if (failed && media === "text/plain" && route?.path === "/readyz") return undefined;
  if (failed && media !== "application/problem+json")
    return `a failure (${seen.status}) came as ${seen.type}`;
  const place = failed ? problemPath : route && schemaOf(route, seen.status, media);
  if (place === undefined) return `HTTP ${seen.status} as ${seen.type} is not in the contract`;
  if (place === "" || !media.endsWith("json")) return undefined;
  return faultOf(place, seen);
}

function faultOf(place: string, seen: Seen): string | undefined {
  const body = JSON.parse(seen.body) as unknown;
  const valid = validator(place);
  if (!valid(body)) return ajv.errorsText(valid.errors, { separator: "; " });
  const status = (body as { status?: unknown }).status;
  if (seen.status >= 400 && status !== seen.status) return `its body says status ${String(status)}`;
  return undefined;
}

// How the cluster is reached: a kubeconfig, or its parts. Secrets go one way only.
import { useState } from "react";
import { DropZone, FileTrigger, type DropZoneProps } from "react-aria-components";
import { Button } from "../../ui/button";
import { Choice, Field } from "../../ui/field";
import type { Credential, Draft, FieldName, Way } from "./draft";

// A kubeconfig has a few kilobytes; a file this large is another one.
const kubeconfigBytesMax = 1024 * 1024;

const neverKept = "Never kept in this browser: after a reload it is typed again.";

interface Props {
  draft: Draft;
  onChange: (draft: Draft) => void;
  refusals: ReadonlyMap<FieldName, string>;
  contexts: readonly string[];
  // It may be set up another time.
  mayWait: boolean;
  // Something is stored already; its secrets stay unless new ones are typed.
  stored?: { token: boolean; certificate: boolean };
}

const ways: readonly { value: Way; label: string }[] = [
  { value: "kubeconfig", label: "Kubeconfig" },
  { value: "fields", label: "Separate fields" },
];
const later = { value: "later", label: "Later" } as const;

export function ConnectionForm(props: Props) {
  const { draft, onChange, refusals, mayWait } = props;
  return (
    <div className="stack">
      <Choice
        label="Connect by"
        options={mayWait ? [...ways, later] : ways}
        value={draft.way}
        onChange={(way) => onChange({ ...draft, way })}
      />
      {draft.way === "kubeconfig" && <KubeconfigPart {...props} />}
      {draft.way === "fields" && <FieldsPart {...props} />}
      {draft.way === "later" ? (
        <p className="muted prose">
          Without a connection nothing can be read. It can be set up at any time in the fabric’s
          settings.
        </p>
      ) : (
        <Field
          label="Namespaces"
          name="namespaces"
          optional
          about="The namespaces to read, with commas between them. Empty: all of them."
          value={draft.namespaces}
          onChange={(namespaces) => onChange({ ...draft, namespaces })}
          refusal={refusals.get("namespaces")}
        />
      )}
    </div>
  );
}

function KubeconfigPart({ draft, onChange, refusals, contexts }: Props) {
  const [tooLarge, setTooLarge] = useState<string>();
  const take = async (file: { size: number; text: () => Promise<string> } | undefined) => {
    if (!file) return;
    if (file.size > kubeconfigBytesMax) {
      const megabytes = (file.size / kubeconfigBytesMax).toFixed(1);
      return setTooLarge(
        `This file has ${megabytes} MiB; a kubeconfig has a few KiB. It was not read.`,
      );
    }
    setTooLarge(undefined);
    onChange({ ...draft, kubeconfig: await file.text() });
  };
  const drop = async (event: Parameters<NonNullable<DropZoneProps["onDrop"]>>[0]) => {
    const file = event.items.find((item) => item.kind === "file");
    if (file) await take(await file.getFile());
  };
  return (
    <>
      <DropZone className="drop stack tight" onDrop={(event) => void drop(event)}>
        <Field
          label="Kubeconfig"
          name="kubeconfig"
          lines={10}
          about={`Paste it, drop a file here, or choose one. Its data must be inside: file paths and exec plug-ins are refused, because the server would have to read or run them. ${neverKept}`}
          value={draft.kubeconfig}
          onChange={(kubeconfig) => {
            setTooLarge(undefined);
            onChange({ ...draft, kubeconfig });
          }}
          refusal={tooLarge ?? refusals.get("kubeconfig")}
        />
        <div>
          <FileTrigger onSelect={(files) => void take(files?.[0])}>
            <Button>Choose a file</Button>
          </FileTrigger>
        </div>
      </DropZone>
      <Field
        label="Context"
        name="context"
        optional
        list="kubeconfig-contexts"
        about={
          contexts.length > 1
            ? `This file has ${contexts.join(", ")}. Empty: its current one.`
            : "Empty: the file’s current one."
        }
        value={draft.context}
        onChange={(context) => onChange({ ...draft, context })}
        refusal={refusals.get("context")}
      />
      <datalist id="kubeconfig-contexts">
        {contexts.map((context) => (
          <option key={context} value={context} />
        ))}
      </datalist>
    </>
  );
}

const credentials: readonly { value: Credential; label: string }[] = [
  { value: "token", label: "Token" },
  { value: "certificate", label: "Client certificate" },
];

const keep = `Stored. Leave empty to keep it. ${neverKept}`;

function FieldsPart({ draft, onChange, refusals, stored }: Props) {
  const set = (change: Partial<Draft>) => onChange({ ...draft, ...change });
  return (
    <>
      <Field
        label="Server"
        name="server"
        about="The address of the Kubernetes API server."
        placeholder="https://fabric.example:6443"
        value={draft.server}
        onChange={(server) => set({ server })}
        refusal={refusals.get("server")}
      />
      <Field
        label="CA certificate"
        name="ca"
        lines={5}
        about="PEM text. Only certificates signed by it are trusted."
        value={draft.ca}
        onChange={(ca) => set({ ca })}
        refusal={refusals.get("ca")}
      />
      <Choice
        label="Credential"
        options={credentials}
        value={draft.credential}
        onChange={(credential) => set({ credential })}
      />
      {draft.credential === "token" ? (
        <Field
          label="Token"
          name="token"
          type="password"
          about={
            stored?.token
              ? keep
              : `Of a service account that may read the Hedgehog kinds. ${neverKept}`
          }
          value={draft.token}
          onChange={(token) => set({ token })}
          refusal={refusals.get("token")}
        />
      ) : (
        <CertificatePart draft={draft} set={set} refusals={refusals} kept={stored?.certificate} />
      )}
      <Field
        label="Name in the certificate"
        name="tls_server_name"
        optional
        about="Only when the server’s certificate is for another name than the address above."
        value={draft.tlsServerName}
        onChange={(tlsServerName) => set({ tlsServerName })}
        refusal={refusals.get("tls_server_name")}
      />
    </>
  );
}

interface CertificateProps {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  refusals: ReadonlyMap<FieldName, string>;
  kept: boolean | undefined;
}

function CertificatePart({ draft, set, refusals, kept }: CertificateProps) {
  return (
    <>
      <Field
        label="Client certificate"
        name="client_cert"
        lines={5}
        about={kept ? keep : `PEM text. ${neverKept}`}
        value={draft.clientCert}
        onChange={(clientCert) => set({ clientCert })}
        refusal={refusals.get("client_cert")}
      />
      <Field
        label="Client key"
        name="client_key"
        lines={5}
        about={kept ? keep : `PEM text, without a passphrase. ${neverKept}`}
        value={draft.clientKey}
        onChange={(clientKey) => set({ clientKey })}
        refusal={refusals.get("client_key")}
      />
    </>
  );
}

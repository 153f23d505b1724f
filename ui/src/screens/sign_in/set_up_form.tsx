// The first administrator, made with the one-time code that stands in the server's log.
import { useState, type FormEvent } from "react";
import { bodyOf, client, withCsrf } from "../../api/client";
import { faultOf, type Fault } from "../../api/fault";
import { PasswordField, proveSignedIn, signIn } from "../../app/sign_in_form";
import { Button } from "../../ui/button";
import { FaultNote } from "../../ui/fault_note";
import { Field } from "../../ui/field";
import { refusalsOf } from "../shared/refusals";

export function SetUpForm() {
  const [code, setCode] = useState("");
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<Fault>();
  const refusals = refusalsOf(fault);
  // Here the code is the credential.
  const wrongCode = fault?.code === "bad_credentials" ? `${fault.detail} ${fault.hint}` : undefined;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setFault(undefined);
    try {
      const body = { code: code.trim(), username, password };
      const session = await withCsrf(() => bodyOf(client.POST("/api/setup/", { body })));
      if (session.authenticated) await proveSignedIn();
      else await signIn(username, password);
    } catch (thrown) {
      setFault(faultOf(thrown));
    } finally {
      setBusy(false);
    }
  };

  return (
    <form className="stack" onSubmit={(event) => void submit(event)}>
      <p>
        Nobody can sign in yet. The server’s log holds a code that makes the first administrator.
      </p>
      <Field
        label="One-time code"
        name="code"
        value={code}
        onChange={setCode}
        refusal={wrongCode ?? refusals.get("code")}
        autoFocus
      />
      <Field
        label="User name"
        name="username"
        autoComplete="username"
        value={username}
        onChange={setUsername}
        refusal={refusals.get("username")}
      />
      <PasswordField
        isNew
        about="At least 15 characters; a few words are easy to keep."
        value={password}
        onChange={setPassword}
        refusal={refusals.get("password")}
      />
      {fault && !wrongCode && <FaultNote fault={fault} atFields />}
      <div className="row actions">
        <Button kind="primary" type="submit">
          {busy ? "Setting up…" : "Make the administrator"}
        </Button>
      </div>
    </form>
  );
}

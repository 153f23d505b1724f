// User name and password. The same form stands on the sign-in page and in the dialog over a page.
import { useState, type FormEvent, type ReactNode } from "react";
import { tellTabs } from "../api/channel";
import { bodyOf, client, readSession, withCsrf } from "../api/client";
import { keepsCookies } from "../api/cookies";
import { faultOf, FaultError, type Fault } from "../api/fault";
import { pageFault, text } from "../text/faults";
import { Button } from "../ui/button";
import { FaultNote } from "../ui/fault_note";
import { Field } from "../ui/field";
import { notePresence } from "./activity";

export async function signIn(username: string, password: string): Promise<void> {
  if (!keepsCookies()) throw new FaultError(pageFault("cookies_blocked", ""));
  await withCsrf(() => bodyOf(client.POST("/api/session/", { body: { username, password } })));
  await proveSignedIn();
}

// The answer said yes; whether the browser kept the cookie shows only with the next call.
export async function proveSignedIn(): Promise<void> {
  const session = await readSession();
  if (!session.authenticated || !session.user)
    throw new FaultError(pageFault("cookies_blocked", text.cookieLost()));
  notePresence();
  tellTabs({ say: "signed_in", user: session.user.username });
}

interface Props {
  knownUser?: string | undefined;
  onDone?: () => void;
  children?: ReactNode;
}

export function SignInForm({ knownUser, onDone, children }: Props) {
  const [username, setUsername] = useState(knownUser ?? "");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<Fault>();

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setFault(undefined);
    try {
      await signIn(username, password);
      onDone?.();
    } catch (thrown) {
      setFault(faultOf(thrown));
    } finally {
      setBusy(false);
    }
  };

  return (
    <form className="stack" onSubmit={(event) => void submit(event)}>
      <Field
        label="User name"
        name="username"
        autoComplete="username"
        value={username}
        onChange={setUsername}
        autoFocus={!knownUser}
      />
      <PasswordField value={password} onChange={setPassword} autoFocus={Boolean(knownUser)} />
      {fault && <FaultNote fault={fault} />}
      <div className="row actions">
        <Button kind="primary" type="submit">
          {busy ? "Signing in…" : "Sign in"}
        </Button>
        {children}
      </div>
    </form>
  );
}

interface PasswordProps {
  value: string;
  onChange: (value: string) => void;
  autoFocus?: boolean;
  label?: string;
  about?: string;
  isNew?: boolean;
  refusal?: string | undefined;
}

export function PasswordField(props: PasswordProps) {
  const { label = "Password", about, isNew, refusal, autoFocus = false } = props;
  const [shown, setShown] = useState(false);
  const toggle = () => setShown(!shown);
  return (
    <Field
      label={label}
      name="password"
      type={shown ? "text" : "password"}
      autoComplete={isNew ? "new-password" : "current-password"}
      value={props.value}
      onChange={props.onChange}
      autoFocus={autoFocus}
      about={about}
      refusal={refusal}
      beside={
        <Button label={shown ? "Hide what is typed" : "Show what is typed"} onPress={toggle}>
          {shown ? "Hide" : "Show"}
        </Button>
      }
    />
  );
}

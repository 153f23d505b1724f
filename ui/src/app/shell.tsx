// The frame of every page for signed-in people: product, lamp, person, and what wants attention.
import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { faultOf, type Fault } from "../api/fault";
import { lampStore, storageStore } from "../api/live";
import type { Lamp } from "../api/lamp";
import { sessionStore, type SignedIn } from "../api/session";
import { useStore } from "../api/store";
import { codes } from "../text/codes.gen";
import { role, type Word } from "../text/words";
import { clockText, dateTimeText } from "../text/time";
import { Button } from "../ui/button";
import { FaultNote, LayerLine } from "../ui/fault_note";
import { MenuButton } from "../ui/menu";
import { Glyph } from "../ui/state";
import { SessionEnding } from "./session_ending";
import { SessionEndedStrip, SignInDialog } from "./sign_in_dialog";
import { signOut } from "./sign_out";
import { chooseTheme, themeNow, themes, type Theme } from "./theme";
import { upgradeStore } from "./upgrade";
import { WaitingClicks } from "./waiting_clicks";

export function Shell() {
  const state = useStore(sessionStore);
  const [fault, setFault] = useState<Fault>();
  if (state.phase !== "in" && state.phase !== "ended") return null;
  return (
    <>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <header className="top no-print">
        <div className="inner">
          <Brand />
          <nav className="nav" aria-label="Main">
            <Link to="/fabrics/">Fabrics</Link>
            <Link to="/health/">Health</Link>
          </nav>
          <span className="push" />
          <LampLight />
          <Person session={state.session} onFault={setFault} />
        </div>
      </header>
      {!state.session.protected && <NotProtected />}
      <StorageTrouble />
      <Upgraded />
      <SessionEnding />
      <SessionEndedStrip />
      <WaitingClicks />
      {fault && (
        <section className="strip" aria-label="Sign out">
          <div className="inner">
            <FaultNote fault={fault}>
              <Button onPress={() => setFault(undefined)}>Put away</Button>
            </FaultNote>
          </div>
        </section>
      )}
      <main id="content" className="content" tabIndex={-1}>
        <Outlet />
      </main>
      <SignInDialog />
    </>
  );
}

export function Brand() {
  return (
    <Link to="/" className="brand" aria-label="Hedgerow, start page">
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d="M2.5 12V7m3.6 5V3.5M9.9 12V6m3.6 6V3M1 13.5h14" />
      </svg>
      <span>Hedgerow</span>
    </Link>
  );
}

function lampWord(lamp: Lamp): Word {
  switch (lamp.is) {
    case "connecting":
      return { glyph: "…", word: "Connecting", tone: "quiet" };
    case "live":
      return { glyph: "●", word: "Live", tone: "good" };
    case "reconnecting":
      return { glyph: "↻", word: "Reconnecting", tone: "busy" };
    case "server_stopped":
      return { glyph: "↻", word: "Server stopped or restarting", tone: "warn" };
    case "not_live":
      return {
        glyph: "○",
        word: `Not live since ${clockText(lamp.since)}, checking every 5 s`,
        tone: "warn",
      };
    case "signed_out":
      return { glyph: "○", word: `Not live since ${clockText(lamp.since)}`, tone: "warn" };
  }
}

function LampLight() {
  const word = lampWord(useStore(lampStore));
  return (
    <span className="lamp" title="Whether this page follows the server as it happens">
      <Glyph of={word} />
      <span className={`words ${word.tone}`}>{word.word}</span>
    </span>
  );
}

const themeLabel: Record<Theme, string> = {
  system: "Colours: as the system",
  light: "Colours: light",
  dark: "Colours: dark",
};

interface PersonProps {
  session: SignedIn;
  onFault: (fault: Fault | undefined) => void;
}

function Person({ session, onFault }: PersonProps) {
  const navigate = useNavigate();
  const [theme, setTheme] = useState(themeNow);
  const { user, idle_ends, absolute_ends } = session;

  const leave = async () => {
    try {
      await signOut();
      await navigate({ to: "/sign-in/", replace: true });
    } catch (thrown) {
      onFault(faultOf(thrown));
    }
  };
  const act = (id: string) => {
    if (id === "sign_out") return void leave();
    chooseTheme(id as Theme);
    setTheme(id as Theme);
  };
  const items = [
    ...themes.map((id) => ({
      id,
      label: themeLabel[id],
      words: themeLabel[id],
      ...(id === theme && { end: "✓" }),
    })),
    { id: "sign_out", label: "Sign out", words: "Sign out" },
  ];
  const about = (
    <>
      <p>
        <b>{user.username}</b> · {role[user.role]}
      </p>
      {idle_ends && (
        <p className="muted small">
          Signed in until {dateTimeText(Date.parse(idle_ends))} unless you act
        </p>
      )}
      {absolute_ends && (
        <p className="muted small">At the latest until {dateTimeText(Date.parse(absolute_ends))}</p>
      )}
    </>
  );
  return (
    <MenuButton
      quiet
      label={user.username}
      name="Account"
      items={items}
      onAction={act}
      about={about}
    />
  );
}

export function NotProtected() {
  return (
    <section className="strip warn" aria-label="Connection">
      <div className="inner">
        <span>
          <b className="warn">This connection is not protected.</b> It uses plain HTTP: others on
          the network can read passwords and take over the session. Open Hedgerow over https.
        </span>
      </div>
    </section>
  );
}

function StorageTrouble() {
  const code = useStore(storageStore);
  if (code === undefined) return null;
  const { title, meaning, next, layer } = codes[code];
  return (
    <section className="strip warn" aria-label="Storage">
      <div className="inner">
        <span>
          <b className="warn">{title}</b> {meaning} {next}
        </span>
        <LayerLine fault={{ layer, code }} />
      </div>
    </section>
  );
}

function Upgraded() {
  const version = useStore(upgradeStore);
  if (version === undefined) return null;
  return (
    <section className="strip busy" aria-label="Upgrade">
      <div className="inner">
        <span>
          <b>{codes.assets_outdated.title}</b> It is version {version} now. Your waiting actions are
          kept.
        </span>
        <span className="does">
          <Button onPress={() => location.reload()}>Reload</Button>
        </span>
      </div>
    </section>
  );
}

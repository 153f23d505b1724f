// All fabrics, worst first: what is wrong stands on top, and what to do about it is one click away.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { faultOf } from "../../api/fault";
import { fabricsPage, fabricsQuery } from "../../api/queries";
import { sessionStore } from "../../api/session";
import { useStore } from "../../api/store";
import type { Fabric, FabricList } from "../../api/types";
import { useTitle } from "../../app/title";
import { counted } from "../../text/numbers";
import { isBeyond } from "../../text/paging";
import { headline } from "../../text/words";
import { Button } from "../../ui/button";
import { FaultNote } from "../../ui/fault_note";
import { Missing } from "../../ui/panel";
import { NoSuchPage, Pages } from "../../ui/pages";
import { useRefetchAt } from "../shared/refetch_at";
import { FabricTile } from "./fabric_tile";
import { Search } from "../shared/search";

const route = getRouteApi("/inside/fabrics");

export function Fabrics() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(fabricsQuery(search));
  const list = query.data;
  const worst = list?.results[0]?.headline.state;
  useTitle("Fabrics", worst && headline[worst]);
  useRefetchAt(earliest(list), () => void query.refetch());

  return (
    <div className="stack">
      <div className="row ends">
        <div className="row">
          <h1>Fabrics</h1>
          {list && <Summary list={list} />}
        </div>
        {list && list.count > 0 && <AddLink />}
      </div>
      {(list && list.count > 8) || search.q ? (
        <Search
          label="Search fabrics"
          placeholder="Part of a name or description"
          value={search.q ?? ""}
          onSearch={(q) => void navigate({ search: q ? { q } : {} })}
        />
      ) : null}
      {query.error && list && <FaultNote fault={faultOf(query.error)} silent />}
      {!list && <Missing query={query} />}
      {list && isBeyond(list, search.offset ?? 0) && (
        <NoSuchPage count={list.count} limit={fabricsPage} />
      )}
      {list && !isBeyond(list, search.offset ?? 0) && <List list={list} q={search.q} />}
      {list && (
        <Pages
          count={list.count}
          offset={search.offset ?? 0}
          limit={fabricsPage}
          onMove={(offset) => void navigate({ search: (old) => ({ ...old, offset }) })}
        />
      )}
    </div>
  );
}

// Counts by state are said only when all fabrics are on this page.
function Summary({ list }: { list: FabricList }) {
  const whole = list.results.length === list.count;
  const states = new Map<Fabric["headline"]["state"], number>();
  for (const { headline: told } of list.results)
    states.set(told.state, (states.get(told.state) ?? 0) + 1);
  if (list.count < 2) return null;
  return (
    <span className="muted">
      {whole
        ? [...states]
            .map(([state, count]) => `${count} ${headline[state].word.toLowerCase()}`)
            .join(" · ")
        : counted(list.count, "fabric")}
    </span>
  );
}

function earliest(list: FabricList | undefined): string | null {
  const ends = (list?.results ?? []).flatMap((it) => it.headline.valid_until ?? []);
  return ends.sort()[0] ?? null;
}

function AddLink() {
  const state = useStore(sessionStore);
  const may = "session" in state && state.session.permissions?.includes("fabric.edit");
  return may ? (
    <Link to="/fabrics/add/" className="button plain">
      Add fabric
    </Link>
  ) : null;
}

function List({ list, q }: { list: FabricList; q: string | undefined }) {
  const navigate = route.useNavigate();
  if (list.results.length > 0)
    return (
      <ul className="tiles">
        {list.results.map((fabric) => (
          <li key={fabric.id}>
            <FabricTile fabric={fabric} />
          </li>
        ))}
      </ul>
    );
  if (q)
    return (
      <div className="empty stack tight">
        <p>
          <strong>No match for “{q}”.</strong>
        </p>
        <div>
          <Button onPress={() => void navigate({ search: {} })}>Clear search</Button>
        </div>
      </div>
    );
  return <NoFabric />;
}

function NoFabric() {
  const state = useStore(sessionStore);
  const may = "session" in state && state.session.permissions?.includes("fabric.edit");
  return (
    <div className="panel stack prose">
      <h2>No fabric yet</h2>
      {may ? (
        <>
          <p>
            A fabric is one Hedgehog cluster that Hedgerow reads. To add one you need a kubeconfig
            with the data in it, or the address, CA certificate and token of its API server. Nothing
            is written to the cluster.
          </p>
          <div>
            <Link to="/fabrics/add/" className="button primary">
              Add the first fabric
            </Link>
          </div>
        </>
      ) : (
        <p>
          Adding one needs the permission fabric.edit; an administrator can grant it. What is added
          appears here by itself.
        </p>
      )}
    </div>
  );
}

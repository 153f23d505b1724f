// Where one is, and the way up.
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

interface Props {
  here: string;
  fabric?: { id: number; name: string } | undefined;
  objects?: boolean;
  children?: ReactNode;
}

const exact = { exact: true };

export function Crumbs({ here, fabric, objects, children }: Props) {
  return (
    <div className="row ends head">
      <nav aria-label="Breadcrumbs">
        <ol className="crumbs">
          <li>
            <Link to="/fabrics/" activeOptions={exact}>
              Fabrics
            </Link>
          </li>
          {fabric && (
            <li>
              <Link to="/fabrics/$id/" params={{ id: fabric.id }} activeOptions={exact}>
                {fabric.name}
              </Link>
            </li>
          )}
          {fabric && objects && (
            <li>
              <Link to="/fabrics/$id/objects/" params={{ id: fabric.id }}>
                Objects
              </Link>
            </li>
          )}
          <li aria-current="page">{here}</li>
        </ol>
      </nav>
      {children}
    </div>
  );
}

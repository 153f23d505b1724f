// The document as text, made by the server, so that its numbers are the cluster's own.
import { useQuery } from "@tanstack/react-query";
import { faultOf } from "../../api/fault";
import { objectYamlQuery } from "../../api/queries";
import { CopyBlock } from "../../ui/copy";
import { FaultNote } from "../../ui/fault_note";
import { Missing } from "../../ui/panel";

export function Yaml({ id, fabric }: { id: number; fabric: number }) {
  const query = useQuery(objectYamlQuery(id, fabric));
  if (query.data !== undefined) return <CopyBlock text={query.data} name="YAML" />;
  if (query.error) return <FaultNote fault={faultOf(query.error)} />;
  return <Missing query={query} />;
}

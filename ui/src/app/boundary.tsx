// Keeps a fault of one view inside that view; header, lamp and the other views go on.
import { Component, useEffect, useState, type ReactNode } from "react";
import { Button } from "../ui/button";
import { CopyBlock } from "../ui/copy";
import { pageVersion } from "../api/page_version";
import { queryClient } from "../api/queries";
import { reportViewFault } from "../api/report";
import { codes } from "../text/codes.gen";

interface Props {
  view: string;
  children: ReactNode;
}
interface State {
  fault: Error | undefined;
}

export class Boundary extends Component<Props, State> {
  override state: State = { fault: undefined };

  static getDerivedStateFromError(thrown: unknown): State {
    return { fault: thrown instanceof Error ? thrown : new Error(String(thrown)) };
  }

  override render(): ReactNode {
    const { fault } = this.state;
    if (!fault) return this.props.children;
    return (
      <ViewFault
        view={this.props.view}
        fault={fault}
        onReload={() => this.setState({ fault: undefined })}
      />
    );
  }
}

interface FaultProps {
  view: string;
  fault: Error;
  onReload: () => void;
}

// Without the server the copied report is all there is, and that is said by its absence alone.
function useReported(view: string, fault: Error): string | undefined {
  const [request, setRequest] = useState<string>();
  useEffect(() => {
    reportViewFault(view, fault).then(setRequest, () => undefined);
  }, [view, fault]);
  return request;
}

export function ViewFault({ view, fault, onReload }: FaultProps) {
  const request = useReported(view, fault);
  const reload = () => {
    // What it could not draw is asked for anew; other views keep what they show.
    queryClient.removeQueries({ type: "inactive" });
    onReload();
  };
  const report = [
    `view_fault in ${view}, page ${pageVersion}`,
    `${location.pathname}${location.search}`,
    new Date().toISOString(),
    `${fault.name}: ${fault.message}`,
    fault.stack ?? "",
  ].join("\n");
  return (
    <div className="fault" role="alert">
      <p>
        <strong className="bad">
          <span className="glyph" aria-hidden="true">
            ✕
          </span>{" "}
          {codes.view_fault.title}
        </strong>
      </p>
      <p className="muted">{codes.view_fault.meaning}</p>
      <p>{codes.view_fault.next}</p>
      <div className="row">
        <Button onPress={reload}>Reload view</Button>
      </div>
      <CopyBlock text={report} name="report" />
      <p className="foot">
        Layer 1 Script · view_fault
        {request && ` · reported to System health as request ${request}`}
      </p>
    </div>
  );
}

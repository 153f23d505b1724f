// A dialog over the same page; nothing behind it is lost.
import type { ReactNode } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";

interface Props {
  title: string;
  open: boolean;
  onClose: () => void;
  children: ReactNode;
  alert?: boolean;
}

export function Dialog({ title, open, onClose, children, alert }: Props) {
  return (
    <ModalOverlay
      className="veil"
      isOpen={open}
      onOpenChange={(is) => {
        if (!is) onClose();
      }}
    >
      <Modal className="dialog">
        <AriaDialog role={alert ? "alertdialog" : "dialog"}>
          <Heading slot="title" level={2}>
            {title}
          </Heading>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

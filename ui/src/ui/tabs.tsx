// Tabs whose choice lives in the URL.
import type { ReactNode } from "react";
import { Tab, TabList, TabPanel, Tabs as AriaTabs } from "react-aria-components";

interface Props<T extends string> {
  name: string;
  tabs: readonly { id: T; label: string; body: () => ReactNode }[];
  chosen: T;
  onChoose: (id: T) => void;
}

export function Tabs<T extends string>({ name, tabs, chosen, onChoose }: Props<T>) {
  return (
    <AriaTabs
      className="tabs"
      selectedKey={chosen}
      onSelectionChange={(key) => onChoose(String(key) as T)}
    >
      <TabList aria-label={name} className="tab-list">
        {tabs.map((tab) => (
          <Tab key={tab.id} id={tab.id} className="tab">
            {tab.label}
          </Tab>
        ))}
      </TabList>
      {tabs.map((tab) => (
        <TabPanel key={tab.id} id={tab.id}>
          {tab.body()}
        </TabPanel>
      ))}
    </AriaTabs>
  );
}

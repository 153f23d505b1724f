// Light, dark, or as the system has it. Remembered by this browser only.
export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

const shelf = "hedgerow.theme";

export function themeNow(): Theme {
  try {
    return themes.find((theme) => theme === localStorage.getItem(shelf)) ?? "system";
  } catch {
    return "system";
  }
}

export function chooseTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem(shelf, theme);
  } catch {
    // It holds until the next load then.
  }
}

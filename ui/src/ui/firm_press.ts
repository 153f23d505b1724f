// A press counts for the button it began on. What arrives on the page while the pointer is down (a strip above,
// a longer headline) moves the button away from under it, and the browser would then give the click to nobody.

// How far, in CSS pixels, a hand moves that means to stay where it is. Who moves further takes the press back.
const stillPx = 10;

interface Began {
  button: HTMLButtonElement;
  pointer: number;
  x: number;
  y: number;
}

export function openFirmPress(): void {
  let began: Began | undefined;
  const listen = { capture: true, passive: true };
  const down = ({
    target,
    button: key,
    pointerId: pointer,
    clientX: x,
    clientY: y,
  }: PointerEvent) => {
    const button = key === 0 && target instanceof Element ? target.closest("button") : null;
    began = button ? { button, pointer, x, y } : undefined;
  };
  const up = (event: PointerEvent) => {
    const press = began?.pointer === event.pointerId ? began : undefined;
    began = undefined;
    if (!press || Math.hypot(event.clientX - press.x, event.clientY - press.y) > stillPx) return;
    const { button } = press;
    const under = document.elementFromPoint(event.clientX, event.clientY);
    // After the button has heard of the release itself, which for it is a press taken back.
    if (button.isConnected && !button.contains(under)) setTimeout(() => button.click());
  };
  globalThis.addEventListener("pointerdown", down, listen);
  globalThis.addEventListener("pointerup", up, listen);
  globalThis.addEventListener("pointercancel", () => (began = undefined), listen);
}

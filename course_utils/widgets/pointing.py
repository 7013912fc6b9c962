"""Mouse, fingers and keys on a canvas."""

from collections.abc import Callable


def listen(canvas, touch: Callable[[float, float], None], key: Callable[[str], None], before, after) -> None:
    """Call `touch(x, y)` for the pixel under a mouse with its button down, or under a finger, and `key(name)` for keys.

    before, after: the controls around the canvas. ipycanvas keeps all keys from the browser, Tab as well, so that
    nobody who came by Tab would get away without a mouse: here Tab goes on to `after`, and with shift back to `before`.
    """
    pressed = False

    def down(x: float, y: float) -> None:
        nonlocal pressed
        pressed = True
        touch(x, y)

    def drag(x: float, y: float) -> None:
        if pressed:
            touch(x, y)

    def up(_x: float, _y: float) -> None:
        nonlocal pressed
        pressed = False

    def fingers(places: list[tuple[float, float]]) -> None:
        for x, y in places:
            touch(x, y)

    def press(name: str, shift: bool, *_others: bool) -> None:
        if name == "Tab":
            (before if shift else after).focus()
        else:
            key(name)

    canvas.on_mouse_down(down)
    canvas.on_mouse_move(drag)
    canvas.on_mouse_up(up)
    canvas.on_mouse_out(up)
    canvas.on_touch_start(fingers)
    canvas.on_touch_move(fingers)
    canvas.on_key_down(press)

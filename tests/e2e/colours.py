"""Contrast of what a browser shows, as WCAG 2.1 defines it (https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio)."""

from playwright.sync_api import Page

READABLE = 4.5
MEASURE = """() => {
    const context = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const parts = (colour, opacity = 1) => {
        context.clearRect(0, 0, 1, 1);
        context.fillStyle = colour;
        context.fillRect(0, 0, 1, 1);
        const [red, green, blue, alpha] = context.getImageData(0, 0, 1, 1).data;
        return [red, green, blue, alpha / 255 * opacity];
    };
    const over = (top, under) => [0, 1, 2].map(at => top[at] * top[3] + under[at] * (1 - top[3])).concat(1);
    const luminance = colour => [0.2126, 0.7152, 0.0722].reduce((sum, weight, at) => {
        const part = colour[at] / 255;
        return sum + weight * (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    }, 0);
    const ratio = (ink, paper) => {
        const [high, low] = [luminance(over(ink, paper)), luminance(paper)].sort((a, b) => b - a);
        return (high + 0.05) / (low + 0.05);
    };
    const lineage = element => {
        const found = [];
        for (let at = element; at instanceof Element; at = at.parentElement) found.unshift(at);
        return found;
    };
    const paper = element => lineage(element).reduce(
        (under, at) => over(parts(getComputedStyle(at).backgroundColor), under), [255, 255, 255, 1]);
    const opacity = element => lineage(element).reduce((whole, at) => whole * getComputedStyle(at).opacity, 1);
    const says = element => [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    const shown = element => element.checkVisibility({checkVisibilityCSS: true}) && element.getClientRects().length;
    const measured = (kind, elements, ink) => elements.map(element => [
        kind, element.textContent.trim().slice(0, 40),
        ratio(parts(getComputedStyle(element)[ink], opacity(element)), paper(element))]);

    const all = [...document.querySelectorAll('[data-testid=stMain] *, [data-testid=stSidebar] *')];
    const words = all.filter(element => element instanceof HTMLElement && says(element) && shown(element)
        && !element.closest('canvas, style, :disabled, [data-testid=stIconMaterial]'));
    const labels = all.filter(element => element instanceof SVGElement && element.matches('text, tspan')
        && says(element) && shown(element));
    const kind = element => element.closest('th[scope=col]') ? 'table head' : element.closest('.ledger') ? 'table cell'
        : 'text';
    return [...words.flatMap(element => measured(kind(element), [element], 'color')),
        ...measured('chart label', labels, 'fill')];
}"""


def contrasts(page: Page) -> list[tuple[str, str, float]]:
    """Kind, words and contrast ratio to what is behind, of all text now shown. Disabled controls aside."""
    return [(kind, words, float(ratio)) for kind, words, ratio in page.evaluate(MEASURE)]

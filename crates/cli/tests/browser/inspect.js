// What is wrong with the page that is shown, as a list of sentences. Argument: the language it should have.
const [language] = arguments;
const root = document.documentElement;
const wrong = [];
const say = (what, element) => wrong.push(element ? `${what}: ${element.outerHTML.slice(0, 160)}` : what);
const each = (selector, check) => document.querySelectorAll(selector).forEach(check);

const isShown = (element) => {
  const box = element.getBoundingClientRect();
  return box.width > 1 && box.height > 1 && getComputedStyle(element).visibility === 'visible';
};
const name = (element) => (element.getAttribute('aria-label') || element.innerText || '').trim();

if (root.lang !== language) say(`the page is in "${root.lang}", not "${language}"`);
if (!document.title.trim()) say('the page has no title');
if (document.querySelectorAll('h1').length !== 1) say('the page has not exactly one h1');
if (document.querySelectorAll('main').length !== 1) say('the page has not exactly one main');
if (document.scripts.length) say('the page has a script');
if (root.scrollWidth > root.clientWidth) {
  say(`the page scrolls sideways: ${root.scrollWidth} in ${root.clientWidth}`);
}

const ids = new Set();
each('[id]', (element) => {
  if (ids.has(element.id)) say(`two elements are called "${element.id}"`);
  ids.add(element.id);
});
each('[aria-describedby], [aria-labelledby]', (element) => {
  const named = `${element.getAttribute('aria-describedby') || ''} ${element.getAttribute('aria-labelledby') || ''}`;
  named.split(/\s+/).filter(Boolean).forEach((id) => {
    if (!document.getElementById(id)) say(`"${id}" describes something and is not there`, element);
  });
});
each('input:not([type=hidden]):not([aria-hidden=true]), select, textarea', (field) => {
  if (![...field.labels].some((label) => label.innerText.trim())) say('a field has no label', field);
});
each('a[href], button', (element) => {
  if (!name(element)) say('a link or button has no name', element);
});

// WCAG 2.2, 2.5.8: what is not inside a sentence is at least 24 by 24 pixels; a finger wants more for buttons.
each('button, a.main, label.choice, label.bank', (element) => {
  const { width, height } = element.getBoundingClientRect();
  if (height < 44 || width < 44) say(`a target of ${Math.round(width)} by ${Math.round(height)} is small`, element);
});

// WCAG 2.2, 1.4.3: contrast of text.
const numbers = (colour) => colour.match(/[\d.]+/g).map(Number);
const luminance = (colour) => {
  const [r, g, b] = numbers(colour).slice(0, 3).map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor;
    const [, , , alpha = 1] = numbers(colour);
    if (alpha > 0) return colour;
  }
  return getComputedStyle(root).colorScheme.startsWith('dark') ? 'rgb(18, 18, 18)' : 'rgb(255, 255, 255)';
};
each('body *', (element) => {
  const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  if (!hasText || !isShown(element) || element.closest('svg, .unseen, .skip')) return;
  const style = getComputedStyle(element);
  const [one, other] = [luminance(style.color), luminance(ground(element))];
  const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  const size = parseFloat(style.fontSize);
  const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
  if (contrast < (isLarge ? 3 : 4.5)) say(`text has a contrast of ${contrast.toFixed(2)}`, element);
});

// The page stands on its own: nothing in it comes from another place.
performance.getEntriesByType('resource').forEach(({ name: url }) => {
  if (!url.startsWith('data:') && new URL(url).origin !== location.origin) say(`the page loads ${url}`);
});

return { wrong, width: root.scrollWidth, height: root.scrollHeight };

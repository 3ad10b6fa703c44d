// What tests of the checklist can use in the page.
const one = what => document.querySelector(what);
const list = level => [...document.querySelectorAll('.card.' + level + ' .tasks input')];
const ticked = () => [...document.querySelectorAll('.tasks input:checked')].map(b => b.labels[0].textContent.trim());
const message = () => one('[role=alert]').innerText.replace(/\s+/g, ' ').trim();
const button = action => one('.my-notes [data-action=' + action + ']');
const sum = () => one('.my-notes-text').textContent;
const status = () => one('.my-notes [role=status]').textContent;
const remember = one('.my-notes input');
const until = async holds => { while (!holds()) await new Promise(done => setTimeout(done, 10)); return true };
const write = text => {
  one('textarea').value = text;
  one('textarea').dispatchEvent(new Event('input', {bubbles: true}));
};
const alarm = () => ({
  Message: message(),
  Numbers: [...document.querySelectorAll('[role=alert] a[href^="tel:"]')].map(a => a.getAttribute('href')),
  IsFocused: document.activeElement === window.before,
  CanHide: !!one('[role=alert] button'),
  IsSeen: [one('[role=alert]').getBoundingClientRect()].some(b => b.height > 0 && b.top >= 0 && b.bottom <= innerHeight + 1),
});
const clearElsewhere = () => new Promise(done => {
  const other = document.body.appendChild(document.createElement('iframe')); // a window of the same site
  addEventListener('storage', () => setTimeout(done));
  other.contentWindow.localStorage.clear();
});

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

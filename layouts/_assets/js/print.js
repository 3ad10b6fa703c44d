// Shows the print button, which needs a script, and adds the date when printing. From the day after data-due, each element that has
// it shows its data-late.
{
  const button = document.querySelector('.print-page button');
  const root = document.documentElement;
  const facts = root.dataset;
  const showOutdated = () => {
    for (const node of document.querySelectorAll('[data-due]')) {
      const { due, late } = node.dataset;
      if (new Date() >= Date.parse(due + 'T24:00')) {
        if (node === root) facts.printState = late;
        else node.querySelector('strong').textContent = late;
      }
    }
  };
  for (const event of ['DOMContentLoaded', 'pageshow', 'visibilitychange']) addEventListener(event, showOutdated);
  addEventListener('beforeprint', () => {
    showOutdated();
    facts.printNow = facts.printPrinted.replace('%', new Date().toLocaleDateString(root.lang, { dateStyle: 'long' }));
  });
  button.hidden = false;
  button.onclick = () => print();
}

// Shows the button that this stands behind, which would do nothing without a script, and says the day when it prints. What has a
// last day, a review or a source, says from the reader's next day on what holds then: the page brings the sentence.
{
  const button = document.querySelector('.print-page button');
  const root = document.documentElement;
  const facts = root.dataset;
  const age = () => {
    for (const node of document.querySelectorAll('[data-due]')) {
      const { due, late } = node.dataset;
      if (new Date() >= Date.parse(due + 'T24:00')) {
        if (node === root) facts.printState = late;
        else node.querySelector('strong').textContent = late;
      }
    }
  };
  addEventListener('DOMContentLoaded', age);
  addEventListener('beforeprint', () => {
    age();
    facts.printNow = facts.printPrinted.replace('%', new Date().toLocaleDateString(root.lang, { dateStyle: 'long' }));
  });
  button.hidden = false;
  button.onclick = () => print();
}

// Shows the button that this stands behind, which would do nothing without a script, and says the day when it prints.
{
  const button = document.querySelector('.print-page button');
  const facts = document.documentElement.dataset;
  const version = facts.printDay;
  addEventListener('beforeprint', () => {
    const day = new Date().toLocaleDateString(document.documentElement.lang, { dateStyle: 'long' });
    facts.printDay = version + ' ' + facts.printPrinted.replace('%', day);
  });
  button.hidden = false;
  button.onclick = () => print();
}

// Shows the button that this stands behind: without script it would do nothing. And says the day when it prints.
{
  const button = document.querySelector('.print-page button'), day = document.querySelector('[data-printed]');
  addEventListener('beforeprint', () => {
    day.textContent = day.dataset.printed.replace('%', new Date().toLocaleDateString(document.documentElement.lang, { dateStyle: 'long' }));
  });
  button.hidden = false;
  button.onclick = () => print();
}

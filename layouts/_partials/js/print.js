// Shows the button that this stands behind: without script it would do nothing.
{
  const button = document.querySelector('.print button');
  button.hidden = false;
  button.onclick = () => print();
}

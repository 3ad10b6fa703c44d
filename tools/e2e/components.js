// Makes the components look the same whatever fonts a machine has: each piece of text becomes a space without width, lines are of
// one height, and bars stand for the words whose color matters. Its value is where each component is.
(() => {
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) walk.currentNode.data = walk.currentNode.data.trim() ? '\u200b' : '';
  const style = document.head.appendChild(document.createElement('style'));
  const rules = [
    '* { line-height: 24px !important; font-family: sans-serif !important; letter-spacing: 0 !important; text-decoration: none !important }',
    'main { columns: auto !important; width: 400px !important; margin: 0 !important; padding: 0 !important }',
    'ol { list-style-type: disc !important }',
    'table { table-layout: fixed !important }',
    '.emergency-box { position: static !important; width: 400px; padding: 0 !important }',
    '.emergency-numbers li, button { display: inline-block !important; width: 60px }',
    '.icon { width: 24px !important; height: 24px !important; vertical-align: top !important }',
    'figure { display: block !important; width: 120px !important }',
    'figure > svg { width: 100% !important }',
    'figcaption, .about-page > :not(.state) { display: none !important }',
    '.about-page > .state { display: block !important }',
    '.level::after, .state::before { content: none !important }',
    ':is(.level > span, .card-head > strong, .state > strong, .page-tiles a, li > strong) { display: inline-block !important; vertical-align: top; width: 60px; height: 12px; min-height: 0 !important; background: currentcolor !important }',
  ];
  for (const rule of rules) style.sheet.insertRule(rule);
  const found = document.querySelectorAll('.emergency-box, .draft, article .text > :is(.card, ul, ol, blockquote, .table), figure, .about-page, .page-tiles li, main button');
  return [...found].filter(e => e.checkVisibility()).map(e => {
    const r = e.getBoundingClientRect();
    const name = e.querySelector('svg[role]')?.getAttribute('aria-label') ?? (e.className || e.localName);
    return {Name: name, X: r.x + scrollX, Y: r.y + scrollY, Width: r.width, Height: r.height};
  });
})()

// Faults to plant, each for a check of checks.js, for axe-core or for what the browser complains of, and what must be found then: on
// a page, the home page without a name, in the place of an old text or at the end of the page's text; act is what happens to it then.
(() => {
  const drawing = selector => `document.querySelector('figure > svg${selector}').style`;
  const paragraph = `document.querySelector('main p').style`, link = `document.querySelector('main a').style`;
  const twoFrames = `await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))));`;
  return [
    { name: 'an inline script', fresh: '<script>1</script>', check: 'complaints', want: 'script' },
    { name: 'a style attribute', old: '<h1', fresh: '<h1 style="color:red"', check: 'complaints', want: 'style' },
    { name: "a third party's image", fresh: '<img src="https://pictures.example/x.png" alt="">', check: 'complaints', want: 'pictures.example' },
    { name: "a third party's script", fresh: '<script src="https://scripts.example/x.js"></script>', check: 'complaints', want: 'scripts.example' },
    { name: 'a message', act: 'console.log(1)', check: 'complaints', want: 'console.log' },
    { name: 'low contrast', act: `${paragraph}.color = '#999'`, check: 'axe', want: 'color-contrast' },
    { name: 'low contrast for axe alone', act: `${paragraph}.color = '#999'`, check: 'contrast', want: 'color-contrast' },
    { name: 'a removed label', page: '/checklist/', old: '<label>', fresh: '<i>', check: 'axe', want: 'label' },
    { name: 'a heading skipped', fresh: '<h4>Deep</h4>', check: 'axe', want: 'heading-order' },
    { name: '13 px', act: `${paragraph}.fontSize = '13px'`, check: 'smallType()', want: '13' },
    { name: 'a small button', fresh: '<button>x</button>',
      act: `document.querySelector('main > button').style.cssText = 'padding: 0; min-height: 0'`, check: 'smallTargets()', want: 'button' },
    { name: 'no focus', act: `${link}.outline = 'none'`, check: 'badFocus()', want: 'unseen' },
    { name: 'a pale focus', act: `${link}.outlineColor = '#eee'`, check: 'badFocus()', want: 'hardly seen' },
    { name: 'a bar over the focus', fresh: '<b>Bar</b>',
      act: `document.querySelector('main > b').style.cssText = 'position: fixed; z-index: 9; inset: auto 0 0; height: 50%; background: #fff'`,
      check: 'badFocus()', want: 'covered by b' },
    { name: 'numbers scrolled away',
      act: `document.querySelectorAll('.emergency-box, .emergency-numbers').forEach(e => { e.style.position = 'static' })`,
      check: 'lostNumbers()', want: 'out of reach' },
    { name: 'a wide table', fresh: '<pre>Wide</pre>', act: `document.querySelector('pre').style.cssText = 'width: 90rem; text-align: end'`,
      check: 'sideways()', want: 'beside the screen' },
    { name: 'words cut off', act: `${paragraph}.cssText = 'height: 1rem; overflow: hidden'`, check: 'sideways()', want: 'cut off' },
    { name: 'a cookie', act: `document.cookie = 'a=b'`, check: 'keeps()', want: 'a cookie: a=b' },
    { name: 'something stored', act: `sessionStorage.setItem('a', 'b')`, check: 'keeps()', want: 'stored: a' },
    { name: 'a web font', act: `document.fonts.add(new FontFace('Own', 'url(/own.woff2)'))`, check: 'keeps()', want: 'web font: Own' },
    { name: 'a jump', act: `${twoFrames} document.querySelector('h1').style.marginTop = '9rem'; ${twoFrames}`, check: 'shifts()', want: 'moved by' },
    { name: 'smooth scrolling', act: `document.documentElement.style.scrollBehavior = 'smooth'`, check: 'moving()', want: 'html' },
    { name: 'a filled outline', page: '/emergency-signs/', act: `${drawing(' path:not([class])')}.fill = 'red'`, check: 'fills()', want: 'filled' },
    { name: 'a pale drawing', page: '/emergency-signs/', act: `${drawing('')}.stroke = '#999'`, check: 'figures(7, 3)', want: 'contrast' },
    { name: 'small print', act: `${paragraph}.fontSize = '10px'`, check: 'paper()', want: '7.5 pt' },
    { name: 'tight lines', act: `${paragraph}.lineHeight = '1'`, check: 'paper()', want: 'too tight' },
    { name: 'a dead button', fresh: '<button>Do it</button>', check: 'deadControls()', want: 'Do it' },
    { name: 'a large icon', old: ' width="24" height="24"', check: 'bare()', want: 'icon' },
    { name: 'no direction', old: ' dir=ltr', check: 'bare()', want: 'left to the browser' },
    { name: 'the emergency last', old: '<aside class=emergency-box', fresh: '<h1>T</h1><aside class=emergency-box', check: 'bare()', want: 'after the title' },
  ];
})()

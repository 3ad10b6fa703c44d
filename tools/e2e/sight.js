// How the page came to be seen, once it has been painted.
(async () => {
  await new Promise(done => requestAnimationFrame(() => setTimeout(done, 300)));
  const seen = type => {
    const observer = new PerformanceObserver(() => {});
    observer.observe({type, buffered: true});
    return observer.takeRecords();
  };
  return {
    LCP: seen('largest-contentful-paint').at(-1).startTime,
    CLS: seen('layout-shift').reduce((sum, s) => sum + s.value, 0),
    TBT: seen('longtask').reduce((sum, s) => sum + s.duration - 50, 0),
  };
})()

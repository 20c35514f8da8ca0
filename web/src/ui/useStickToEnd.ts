import { useEffect, useRef } from 'react';

/** Nearer to the end than this, the reader is following along. */
const NEAR_PX = 160;

/** Keeps a scrolled region at its end as it or its content changes size, unless the reader has scrolled up to read. */
export function useStickToEnd() {
  const region = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLOListElement>(null);

  useEffect(() => {
    const element = region.current;
    if (element === null || content.current === null) {
      return;
    }
    let isFollowing = true;
    const onScroll = () => {
      isFollowing = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;
    };
    const observer = new ResizeObserver(() => {
      if (isFollowing) {
        element.scrollTop = element.scrollHeight;
      }
    });
    observer.observe(element);
    observer.observe(content.current);
    element.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', onScroll);
    };
  }, []);

  return { region, content };
}

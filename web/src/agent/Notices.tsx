import { NoticeBar } from './NoticeBar';
import type { Notice } from './useNotices';

interface NoticesProps {
  notices: readonly Notice[];
  onDismiss: (id: number) => void;
}

/** The region stays, so that what appears in it is read out. */
export function Notices({ notices, onDismiss }: NoticesProps) {
  return (
    <div role="status" data-testid="notices">
      {notices.map((notice) => (
        <NoticeBar key={notice.id} notice={notice} onDismiss={onDismiss} />
      ))}
    </div>
  );
}

/** Tell the server the browser's time zone; load again when dates were shown in another. */
export function tellTimeZone() {
  const { zone, zoneChoice } = document.documentElement.dataset;
  if (zoneChoice !== "local") return;
  const local = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const known = document.cookie.split("; ").includes(`daybook_tz=${local}`);
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `daybook_tz=${local}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  const kept = document.cookie.split("; ").includes(`daybook_tz=${local}`);
  if (kept && !known && zone !== local) location.reload();
}

// Whether this browser can sign at all, told before anybody taps a button that would do nothing.

const APPS = /MicroMessenger|QQ\/|MQQBrowser|UCBrowser|baidu|DingTalk|AlipayClient/i;

/** @returns {boolean} whether the page is open inside an app or a browser that has no passkeys */
export function isInsideApp(agent = navigator.userAgent) {
    return APPS.test(agent);
}

/** @returns {boolean} whether the browser knows passkeys; whether they work shows only when one is asked */
export function canSign() {
    return typeof PublicKeyCredential === "function" && typeof navigator.credentials?.get === "function";
}

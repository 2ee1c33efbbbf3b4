"""How our forms are guarded."""
import os

BOT_CONFIG = {
    'RECAPTCHA_ENABLED': True,  # with the keys below
    'RECAPTCHA_SITE_KEY': None,
    'RECAPTCHA_SECRET_KEY': os.environ.get('RECAPTCHA_SECRET_KEY'),
    'RECAPTCHA_THRESHOLD': 0.7,
    'ENABLE_BEHAVIORAL_ANALYSIS': True,
    'SUSPICIOUS_PATTERN_THRESHOLD': 5,
    'ENABLE_UA_VALIDATION': True,
    'BLOCK_EMPTY_UA': False,
    'BLOCK_SUSPICIOUS_UA': True,
    'ENABLE_TIMING_ANALYSIS': False,
    'MIN_REQUEST_TIME_MS': 100,
    'TOO_FAST_THRESHOLD_MS': 50,
    'ENABLE_HONEYPOT': True,
    'HONEYPOT_FIELD_NAME': "website",
    'ENABLE_FINGERPRINTING': True,
    'REQUIRE_JS_ENABLED': True,
}


def guard(request):
    return BOT_CONFIG['ENABLE_HONEYPOT']

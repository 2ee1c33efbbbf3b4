//! Vietnamese.

use super::{Challenge, Words, say};

pub(super) const WORDS: Words = Words {
    tag: "vi",
    dir: "ltr",
    refused: say(
        "Yêu cầu này không được chấp nhận",
        "Hệ thống bảo vệ của trang web đã từ chối yêu cầu này. Nếu bạn đến đây qua một liên kết hoặc bằng cách nhập địa chỉ, bạn có thể yên tâm quay lại và thử lại.",
    ),
    slow_down: say(
        "Quá nhiều yêu cầu",
        "Trong thời gian ngắn, từ đây đã có nhiều yêu cầu hơn mức trang web này cho phép. Vui lòng đợi một phút rồi thử lại.",
    ),
    payment: say(
        "Nội dung này có tính phí",
        "Các chương trình đọc tự động được yêu cầu trả phí cho trang này. Về điều kiện, vui lòng liên hệ người vận hành trang web.",
    ),
    unavailable: say(
        "Trang web không phản hồi",
        "Hiện không thể kết nối đến máy chủ ở địa chỉ này. Vui lòng thử lại sau vài phút.",
    ),
    bad_request: say(
        "Không hiểu được yêu cầu này",
        "Những gì gửi đến đây không phải là một yêu cầu đầy đủ và rõ ràng nên đã không được chuyển tiếp.",
    ),
    not_found: say("Ở đây không có gì", "Không có trang nào ở địa chỉ này."),
    about: say(
        "Trang web này được bảo vệ",
        "Một cổng của người vận hành trang web xem xét các yêu cầu để ngăn chặn việc lạm dụng tự động. Cổng chỉ xem cách các yêu cầu được gửi, không bao giờ xem nội dung bạn nhập, và không chia sẻ gì với bên thứ ba.",
    ),
    contact: "Nếu bạn cho rằng đây là nhầm lẫn, vui lòng báo cho người vận hành trang web và cung cấp số này.",
    reference: "Số tham chiếu",
    challenge: Challenge {
        title: "Vui lòng đợi một lát",
        text: "Trình duyệt của bạn đang kiểm tra nhanh trước khi mở trang. Bạn không cần làm gì; thường chỉ mất một hai giây.",
        working: "Đang kiểm tra…",
        done: "Đã xong. Trang đang mở.",
        failed: say(
            "Kiểm tra không thành công",
            "Vui lòng thử lại. Nếu vẫn không được, hãy báo cho người vận hành trang web số và mã bên dưới.",
        ),
        again: "Thử lại",
        cookies: "Trang web này ghi nhớ kết quả kiểm tra bằng cookie, nhưng trình duyệt của bạn đã không giữ lại. Vui lòng cho phép cookie cho trang web này rồi thử lại.",
        clock: "Đồng hồ của thiết bị này hoặc của máy chủ không đúng. Vui lòng kiểm tra ngày giờ rồi thử lại.",
        unreachable: "Kết nối đã bị gián đoạn. Vui lòng kiểm tra kết nối rồi thử lại.",
        no_script: "JavaScript đang tắt hoặc bị chặn. Việc kiểm tra vẫn thực hiện được mà không cần JavaScript: hãy đợi vài giây rồi nhấn nút.",
        go_on: "Tiếp tục",
        code: "Mã",
    },
};

language-name = 日本語
tagline = すべてのアプリケーションに、ひとつのサインイン。

login-title = サインイン
login-to-client = { $client } に進みます
login-to-account = アカウントにサインインします
login-again = ご本人であることを確認してください。
login-username = ユーザー名
login-password = パスワード
login-submit = サインイン
login-failed-title = サインインできませんでした
login-failed = ユーザー名またはパスワードが正しくありません。両方を確認して、もう一度お試しください。
login-expired-title = パスワードの変更が必要です
login-expired = 入力されたパスワードは正しいのですが、有効期限が切れているか、初回利用前の変更が必要です。職場のコンピューターなど、いつもの方法で変更してから、新しいパスワードでサインインしてください。
login-missing = ユーザー名とパスワードを入力してください。
login-throttled-title = 試行回数が多すぎます
login-throttled =
    { $seconds ->
       *[other] { $seconds } 秒待ってから、もう一度お試しください。
    }
login-unavailable-title = 現在ご利用いただけません
login-unavailable = 現在パスワードを確認できません。アカウントに問題はありません。しばらくしてからもう一度お試しください。
login-with = { $provider } で続ける
login-provider-denied = { $provider } でのサインインは完了しませんでした。もう一度試すか、別の方法でサインインしてください。
login-provider-failed = { $provider } からの応答を確認できなかったため、サインインしていません。ここからやり直してください。繰り返す場合は管理者に知らせてください。
login-provider-unavailable = { $provider } は現在応答していません。アカウントに問題はありません。しばらくしてからもう一度お試しください。
login-provider-stale = アプリケーションは本人確認のやり直しを求めていますが、{ $provider } では確認が行われませんでした。先に { $provider } からサインアウトするか、別の方法でサインインしてください。
login-provider-not-allowed = { $provider } では確認できましたが、ここにサインインすることはできません。管理者にアクセス権を依頼してください。

or = または
login-passkey = パスキーでログイン
key-needs-script = パスキーとセキュリティキーには JavaScript が必要です。このサイトで許可するか、別の方法を選んでください。
key-not-here = このアドレスではパスキーを使用できません。
key-problem = デバイスから使用できる応答がありませんでした。もう一度試すか、別の方法を選んでください。

factor-title = ご本人であることの確認
factor-lead = このアカウントは 2 段階で保護されています。
factor-use-key = パスキーまたはセキュリティキーを使う
factor-code = コード
factor-code-help = 認証アプリに現在表示されている 6 桁の数字です。
factor-code-or-recovery = 認証アプリに現在表示されている 6 桁の数字、またはリカバリーコードのいずれかです。
factor-recovery = リカバリーコード
factor-recovery-help = 設定時に控えたコードのいずれかです。
factor-submit = 続ける
factor-remember =
    { $days ->
       *[other] このブラウザーでは { $days } 日間確認しない
    }
factor-missing = コードを入力してください。
factor-failed = コードが正しくないか、すでに使用されています。次のコードを待ってから、もう一度試してください。
factor-key-failed = このキーはここでは使用できません。もう一度試すか、別の方法を選んでください。
factor-key-copied = このキーは複製された可能性があるため、拒否されました。別の方法を選び、アカウントからこのキーを削除してください。
factor-name-app = 認証アプリ
factor-name-key = パスキーまたはセキュリティキー

setup-title = アカウントの保護
setup-lead = 続けるには 2 段階目の設定が必要です。いずれかを選んでください。
setup-key-what = 指紋、顔、またはデバイスやセキュリティキーの PIN。フィッシングされません。
setup-app-what = スマートフォンのアプリが 30 秒ごとに新しいコードを表示します。
setup-impossible = 許可されている方法は、このアドレスではいずれも使用できません。管理者に問い合わせてください。
setup-full = 追加できません。すでに登録されているか、数が多すぎます。先に 1 つ削除してください。
setup-name = 区別するための名前
setup-app-title = 認証アプリの設定
setup-app-scan = アプリでこのコードを読み取ってください。
setup-app-qr = 認証アプリ用の QR コード
setup-app-type = 読み取れない場合は、次の文字をアプリに入力してください。
setup-app-open = このデバイスのアプリを開く
setup-app-code = アプリに表示されているコード
setup-app-submit = 確認
setup-key-title = パスキーの設定
setup-key-lead = ブラウザーが指紋、顔、または PIN を求めます。セキュリティキーも使用できます。
setup-key-submit = パスキーを作成
recovery-title = リカバリーコード
recovery-lead = 書き留めるか印刷して、スマートフォンがなくても見つかる場所に保管してください。
recovery-once = それぞれ 1 回だけ、2 段階目の代わりに使えます。再び表示されることはありません。
recovery-done = 保管しました
account-back = アカウントに戻る
new-password-title = 新しいパスワードを決めてください
new-password-intro = { $name } さんが今お使いになったパスワードは、ほかの人が設定したものです。ご自分だけが知っているパスワードを決めてください。
new-password-new = 新しいパスワード
new-password-again = 新しいパスワード（もう一度）
new-password-hint =
    { $characters ->
       *[other] { $characters } 文字以上。いくつかの単語を並べると、覚えやすく、推測されにくくなります。
    }
new-password-submit = 保存して続ける
new-password-problem-title = このパスワードは使えません
new-password-missing = 新しいパスワードを両方の欄に入力してください。
new-password-differs = 二つの欄のパスワードが一致しません。もう一度入力してください。
new-password-too-short =
    { $characters ->
       *[other] 短すぎます。{ $characters } 文字以上にしてください。
    }
new-password-too-long = 長すぎます。1024 バイト以内にしてください。
new-password-common = 真っ先に推測されるパスワードのひとつです。誰も思いつかないものにしてください。
new-password-personal = お名前、メールアドレス、またはこのサービスの名前が含まれています。ご自分に関係のないものにしてください。
new-password-same = 今お使いになったパスワードと同じです。別のものにしてください。

consent-title = { $client } を許可しますか？
consent-intro = { $client } がアカウント { $name } の利用を求めています。許可すると、次のことができるようになります。
scope-openid = あなたが誰であるかを知る
scope-profile = 氏名とユーザー名を見る
scope-email = メールアドレスを見る
scope-groups = 所属グループを見る
scope-offline-access = あなたが不在の間もアクセスを続ける
scope-other = 次の権限を使う：
consent-destination = その後、{ $host } に移動します。
consent-allow = 許可する
consent-deny = 許可しない

continue-title = もうすぐ完了です
continue-text = { $client } に戻ります。何も起こらない場合は、ボタンを押してください。
continue-submit = 続ける

logout-title = サインアウトしますか？
logout-as = { $name } としてサインインしています。
logout-text = アプリケーションを使うには、もう一度サインインする必要があります。
logout-submit = サインアウト
logout-cancel = サインインしたままにする
logged-out-title = サインアウトしました
logged-out-text = このウィンドウを閉じてかまいません。
logged-out-again = もう一度サインイン
logged-out-elsewhere = { $provider } にはまだサインインしている可能性があります。
logged-out-there = { $provider } からもサインアウトする

account-title = アカウント
account-tab = プロフィール
account-username = ユーザー名
account-name = 氏名
account-given-name = 名
account-family-name = 姓
account-email = メールアドレス
account-groups = グループ
account-who-changes = 内容に誤りがある場合は、管理している管理者に問い合わせてください。
security-tab = セキュリティ
security-title = パスワードと 2 段階目
security-confirm = ここで変更するには、ご本人であることをもう一度確認してください。
security-confirm-submit = 本人確認をする
security-factors = 2 段階目
security-since = { $at } から
security-used = 最終使用 { $at }
security-remove = 削除
security-remove-what = { $what } を削除
security-no-factors = まだ設定されていません。設定すると、パスワードだけでは何も開けなくなります。
security-add-key = パスキーを追加
security-add-app = 認証アプリを追加
security-codes-left =
    { $number ->
        [0] 残りはありません。
       *[other] 残り { $number } 個です。
    }
security-new-codes = 新しいコードを作成
security-password-elsewhere = パスワードは組織のディレクトリで管理されています。そちらで変更してください。
security-password-confirm = ご本人であることを確認すると変更できます。
security-password-ends = 古いパスワードとともに、ほかのセッションはすべて終了します。
security-change-password = パスワードを変更
sessions-tab = セッション
sessions-title = ログイン中の場所
sessions-lead = 心当たりのないものはログアウトしてください。そこではアプリケーションのアクセスも終了します。
sessions-unknown = 不明なブラウザー
sessions-this = (このブラウザー)
sessions-since = { $at } にログイン
sessions-end-what = { $what } からログアウト
sessions-end-others = ほかのすべてからログアウト
applications-tab = アプリケーション
applications-title = アクセスを許可したアプリケーション
applications-lead = 許可した内容です。取り消すとすぐに終了し、次に使うときに再び確認されます。
applications-none = アプリケーションには何も許可していません。
applications-since = { $at } から
applications-withdraw = 取り消す
applications-withdraw-what = { $what } への許可を取り消す
events-tab = 履歴
events-title = 最近の出来事
events-lead = 心当たりのないものがあれば、パスワードを変更し、管理者に知らせてください。
event-login = パスワードが受け入れられました
event-login-failed = 誤ったパスワードが試されました
event-session-ended = ログアウト
event-password-changed = パスワードの変更
event-password-reset = 管理者によるパスワードのリセット
event-factor-added = 2 段階目の追加
event-factor-removed = 2 段階目の削除
event-factor-refused = 誤ったコードまたはキーが試されました
event-factors-reset = 管理者による 2 段階目の削除
event-codes-made = リカバリーコードの作成
event-code-used = リカバリーコードの使用
event-consent-given = アクセスの許可
event-consent-withdrawn = アクセスの取り消し
event-disabled = アカウントの無効化
event-enabled = アカウントの有効化
event-linked = 別のプロバイダーとの連携

start-title = あなたのアカウント
start-what = ここはアプリケーションへのサインインを行う場所です。アプリケーションを開くと、本人確認が必要なときにここへ移動します。
start-signed-in = { $name } としてサインインしています。
start-signed-out = サインインしていません。

error-request-title = アプリケーションの要求に応答できません
error-request-help = アカウントに問題はありません。アプリケーションに戻って、もう一度お試しください。繰り返し起こる場合は、下の詳細をアプリケーションの運営者に送ってください。
error-expired-title = このページはもう使えません
error-expired-help = 長時間開いたままだったか、別のブラウザーで開かれました。アプリケーションに戻って、最初からやり直してください。
error-cookies-title = ブラウザーから Cookie が送られていません
error-cookies-help = サインインには Cookie が必要です。このサイトの Cookie を許可してから、アプリケーションに戻って最初からやり直してください。
error-form-title = このフォームを読み取れません
error-form-help = アプリケーションに戻って、最初からやり直してください。
error-missing-title = ページが見つかりません
error-missing-help = アドレスを確認するか、元のアプリケーションに戻ってください。
error-internal-title = こちら側で問題が発生しました
error-internal-help = しばらくしてからもう一度お試しください。繰り返し起こる場合は、トレース ID を添えて管理者に連絡してください。
error-unavailable-title = 現在ご利用いただけません
error-unavailable-help = しばらくしてからもう一度お試しください。アカウントに問題はありません。
error-too-many-title = リクエストが多すぎます
error-too-many-help = お使いのネットワークから短時間に非常に多くのリクエストが届きました。しばらく待ってからもう一度お試しください。
error-details = 詳細
error-code = エラー
error-trace = トレース ID

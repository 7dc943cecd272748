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
